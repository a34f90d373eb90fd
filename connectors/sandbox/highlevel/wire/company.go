package wire

// CompanyID is the id of the agency to which the one location belongs. It is no secret.
const CompanyID = "sandboxCompany000001"
